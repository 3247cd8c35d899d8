"""Articles for Gorgias' Help Center: by an export package for the product's own importer, or by its API.

The public reference has no Help Center (developers.gorgias.com, llms.txt), so the package is the default. The API is
undocumented; it is used only where an engagement says so, and after a probe that changes nothing.
"""
