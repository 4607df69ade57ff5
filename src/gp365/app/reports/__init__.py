"""Reports that can be read without gp365 and checked without trusting it: JSON is the truth, HTML and XLSX show it."""
