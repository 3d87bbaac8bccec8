"""Small pieces that know nothing of the product: money, names, ids, clocks, group commit."""
