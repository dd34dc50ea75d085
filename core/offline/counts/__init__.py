"""Counting what texts and words are made of, and keeping the counts for the jobs that follow.

Jobs of one twin mostly read the same documents: arms of an experiment, versions of a classifier,
the files that each of them scores. What was counted for one is kept below the twin's folder and
taken by the others; a job's result does not depend on whether it was.
"""
