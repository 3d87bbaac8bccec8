"""What people agreed to, and what they may ask about their own data (UU 27/2022)."""
