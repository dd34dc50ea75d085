"""Every number, table and sentence about results, worded once; their renderers and charts."""
