"""The Dynamics GP simulator: one company database and its views.

`company` holds the SQL tables, `windows` the rules that GP applies when a person or a service saves a card; REST
(the Service Based Architecture) is the first view. Further views of the same company stand beside it.
"""
