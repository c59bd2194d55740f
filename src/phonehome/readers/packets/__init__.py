"""Packet captures: from windows of packets to exchanges and accounts."""
