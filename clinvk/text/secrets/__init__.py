"""Where in a text secrets stand: each module knows one way in which they are recognised.

All of it is best effort. Each pattern matches runs of bounded length or takes what it has passed
possessively, so hostile text takes linear time.
"""
