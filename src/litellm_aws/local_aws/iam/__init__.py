"""IAM: which actions on which resources a request needs, and whether the policies of its role allow them."""
