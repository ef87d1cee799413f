import ArgumentParser

@main
struct Gantry: ParsableCommand {
}
