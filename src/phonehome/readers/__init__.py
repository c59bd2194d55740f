"""One capture format a file: from a source to exchanges and problems."""
