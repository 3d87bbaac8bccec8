"""The journeys of a purchase: hold, choose a method, send proof, be approved or refused."""
