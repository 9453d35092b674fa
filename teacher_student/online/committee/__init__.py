"""The exact simulation of committees: K units of the student, T of the teacher."""
