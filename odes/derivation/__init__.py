"""From a student to its flow: the field, the step, and the moments it asks for."""
