"""Everything that is sent to a forge: comments, issues, annotations, and summaries. GitHub is the only forge."""
