"""The Textual app. Imports every wing below `commands`; torch never.

Each part imports only parts after it in this list:

- `start`, `export`: show the app in this terminal; export a recording's screen as SVG or asciicast.
- `app`: the app and its theme.
- `screens/`: the course menu, and the screen of a lesson. Begin with `screens/lesson.py`.
- `features/`: the lesson screen's keys and what they do, in groups.
- `panes`, `panels/`: the arrangement of the panes, and the panes, one a file.
- `dialogs/`: what opens over a screen.
- `widgets/`, `terminal/`: small widgets; what reaches the terminal and what comes from it.
- `lifetime`: what timers, messages and keys call acts only on a screen that is mounted.
- `draw/`: turns data and a size into strips, without an app.
"""
