"""One module per use case. Each connects packages in the order that README describes, and decides nothing itself."""
