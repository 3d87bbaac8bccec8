"""The conversation: what somebody wrote becomes a join, an order, a proof or an answer."""
