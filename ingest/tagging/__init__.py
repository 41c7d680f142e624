"""Tagging: what a letter says, with places on its pages. Pure functions of recognised text; no register, no clock."""

from ingest.tagging.addresses import OwnAddress
from ingest.tagging.extract import Extraction, HouseKnowledge, extract

__all__ = ["Extraction", "HouseKnowledge", "OwnAddress", "extract"]
