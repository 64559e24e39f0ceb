"""The board as a document to take along: one page of A4 as HTML or PDF, its chart as a picture."""
