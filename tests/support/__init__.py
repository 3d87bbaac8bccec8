"""What the tests are made with: servers, people, races and loads; nothing of it ships."""
