"""Oversampling experiments: plan arms, train them, compare them, adopt one."""
