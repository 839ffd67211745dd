"""The messages between the processes, and what carries them.

May import `schema` only. Begin with `messages`: commands are imperatives, events past participles.
`control` is the socket between client and host, `shared_page` the memory that a worker shares with
its client.
"""
