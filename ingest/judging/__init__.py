"""Judging a letter: facts, candidates from the register, document type, decision, and why."""

from ingest.judging.judge import Judgement, judge

__all__ = ["Judgement", "judge"]
