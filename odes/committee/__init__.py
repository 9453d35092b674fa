"""Flows of committees: several hidden units of student and teacher."""
