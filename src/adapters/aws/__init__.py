"""AWS: whose account it is (STS) and what it costs (Cost Explorer), and how to ask seldom."""
