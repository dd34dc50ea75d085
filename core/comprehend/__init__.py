"""Amazon Comprehend through boto3's own interface: clients, jobs, artifacts, prices, resources."""
