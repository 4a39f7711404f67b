"""One module per use case: it connects the packages in the order that README describes, and decides nothing itself."""
