"""The offline twin: Comprehend's operations answered on this machine by real trained models."""
