"""What is shown, decided once: order, counts, masks, cuts, risks, and sentences. The formats only lay it out."""
