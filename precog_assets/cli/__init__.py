"""The `precog` command. One module per group of commands; what they do lives in the layers below.

Heavy imports happen inside commands, so that `precog --help` answers at once.
"""
