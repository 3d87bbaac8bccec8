"""Bank statements: lines of an account, and the payments that they prove."""
