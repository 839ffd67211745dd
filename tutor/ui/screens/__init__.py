"""The screens: the course menu, a lesson, help, and the question where to go."""
