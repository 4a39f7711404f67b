"""What people read: plans, diagnostics and outcomes laid out as text. Pure: values in, text out.

One view orders, counts and masks; each format only lays it out. Foreign text (live values, manifests, answers, names)
never acts as markup or control: it leaves this room escaped, whatever it holds.
"""
