"""Widgets of the app, each with one purpose."""
