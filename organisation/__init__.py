"""Agencies, units, users, functions, deputies, absences, stations and sign-in. No records."""
