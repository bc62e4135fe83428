"""From a sample order that somebody dropped to an account whose orders are answered. All of it is a draft until it is
published, and nothing of it has an effect before.

dropped    what a sample is, and whose it seems to be
starting   the account's draft: its first terms, its field map, the sample
sample     the draft's sample, read under the draft's mapping
unknown    what of the sample nobody has mapped yet
answered   what somebody answered to that, as edits of the draft
checklist  what is done, and what is to be done next
publishing the draft made the account's mapping
trying     the sample sent as a test order
"""
