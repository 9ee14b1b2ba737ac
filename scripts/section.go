package scripts

import (
	"context"
	"slices"
)

const includeName = "include"

func isSection(s Statement) bool { return s.Words[0].Text == sectionName }

// wants reports whether a section is to be run.
func (r *run) wants(s Statement) bool { return r.only == nil || r.only(r.sectionName(s)) }

// hasWantedSections reports whether a command has sections in it, as a block or a script that it
// includes, of which one is to be run.
func (r *run) hasWantedSections(ctx context.Context, s Statement) bool {
	leads := false
	r.sectionsIn(ctx, []Statement{s}, func(inner Statement) { leads = leads || r.wants(inner) })
	return leads
}

// reportNotRun lists the sections that are not run since a command before them failed.
func (r *run) reportNotRun(ctx context.Context, rest []Statement) {
	if r.expectedFailures > 0 {
		return
	}
	r.sectionsIn(ctx, rest, func(s Statement) {
		if r.wants(s) {
			r.each(Result{Value: NotRun{r.shownName(s)}})
		}
	})
}

func (r *run) sectionsIn(ctx context.Context, block []Statement, each func(Statement)) {
	w := &walk{ctx: ctx, read: r.engine.ReadFile, each: each}
	w.sections(block, r.files)
}

// shownName is the name of a section, as reports have it.
func (r *run) shownName(s Statement) string {
	if vars := r.engine.Vars; vars != nil && r.engine.Reports {
		if words, err := vars.expand(s.Words[1:], r.engine.Mask); err == nil {
			return r.engine.maskText(joinedMasked(words), s)
		}
	}
	return r.engine.reported(r.sectionName(s), s)
}

// sectionName is the name of a section.
func (r *run) sectionName(s Statement) string {
	if vars := r.engine.Vars; vars != nil {
		if words, err := vars.expand(s.Words[1:], r.engine.Mask); err == nil {
			return joined(words)
		}
	}
	return joined(s.Words[1:]) // running it says what is wrong
}

// Sections lists the names of a script's sections, also of those that it includes with
// read. all is false where more, or their names, are known only when it runs: variables
// are in them, a script cannot be read, there are too many, or the context ends.
func Sections(ctx context.Context, s Script, read func(ctx context.Context, name string) ([]byte, error)) (names []string, all bool) {
	statements, err := Parse(s.Text)
	if err != nil {
		return nil, false
	}
	named := true
	w := &walk{ctx: ctx, read: read, each: func(s Statement) {
		names = append(names, joined(s.Words[1:]))
		named = named && !hasVariables(s)
	}}
	all = w.sections(statements, []string{s.Name})
	return names, all && named
}

// walk finds sections without running anything.
type walk struct {
	ctx      context.Context
	read     func(ctx context.Context, name string) ([]byte, error) // nil reads none
	each     func(Statement)
	included int // scripts so far
}

// sections gives each section of a block, of the blocks in it, and of the scripts that it
// includes. files are those that it stands in, the innermost last. It reports false where a
// script is not known.
func (w *walk) sections(block []Statement, files []string) (all bool) {
	all = true
	for _, s := range block {
		switch {
		case isSection(s):
			w.each(s)
		case s.Words[0].Text == includeName:
			all = w.include(s, files) && all
		}
		all = w.sections(s.Block, files) && all
	}
	return all
}

// include is sections of the script that a command includes.
func (w *walk) include(s Statement, files []string) (all bool) {
	if w.read == nil || len(s.Words) != 2 || hasVariables(s) || w.included == maxIncluded || w.ctx.Err() != nil {
		return false
	}
	name := fileOf(files, s.Words[1].Text)
	if includes(files, name) || len(files) > maxIncludes {
		return false
	}
	w.included++
	text, err := w.read(w.ctx, name)
	if err != nil {
		return false
	}
	statements, err := Parse(string(text))
	return err == nil && w.sections(statements, append(slices.Clone(files), name))
}

func hasVariables(s Statement) bool {
	return slices.ContainsFunc(s.Words, func(w Word) bool { return w.parts != nil })
}
