"""Read every accepted source; write Comprehend's files."""
