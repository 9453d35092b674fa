"""Soft committees: a student of K units, a teacher of T units, their start and its checks."""
