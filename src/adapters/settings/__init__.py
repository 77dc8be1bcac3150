"""The grammar of settings: what a person may write for each, whether in Telex's form, a file or a command.

A reader takes text and gives a value of the domain, or raises ValueError with a sentence that lacks only its
subject (``is "ten", which is not an amount. …``): whoever asked puts the name before it that the user knows,
a form's label, a file's key with its line, or an option. Readers take steps in proportion to the text.
"""
