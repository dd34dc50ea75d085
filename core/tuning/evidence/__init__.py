"""How far a tuned threshold can be trusted: cross-fitting, intervals, noise floor, grades."""

from core.tuning.evidence.cross_fitting import CrossFit, cross_fit, stratified_folds
from core.tuning.evidence.figures import Evidence, Interval, LabelEvidence
from core.tuning.evidence.gather import gather_evidence
from core.tuning.evidence.grades import GRADES, Decision, Grade, GradeRule
from core.tuning.evidence.intervals import corrected_level, wilson
from core.tuning.evidence.noise import NoiseFloor, noise_floor
from core.tuning.evidence.row_types import distinct_positives

__all__ = [
    "GRADES",
    "CrossFit",
    "Decision",
    "Evidence",
    "Grade",
    "GradeRule",
    "Interval",
    "LabelEvidence",
    "NoiseFloor",
    "corrected_level",
    "cross_fit",
    "distinct_positives",
    "gather_evidence",
    "noise_floor",
    "stratified_folds",
    "wilson",
]
