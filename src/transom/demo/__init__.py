"""A provider that needs no key, and traffic to fill the pages with. All of it is made up, people included."""
