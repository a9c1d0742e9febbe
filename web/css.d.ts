// Styles are imported for the build only: they say nothing to the program.
declare module '*.css';
