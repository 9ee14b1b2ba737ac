package scripts

import "slices"

const includeName = "include"

func isSection(s Statement) bool { return s.Words[0].Text == sectionName }

// takes reports whether a section is to be run.
func (r *run) takes(s Statement) bool { return r.only == nil || r.only(r.sectionName(s)) }

// leads reports whether a command has sections in it, as a block or a script that it
// includes, of which one is to be run.
func (r *run) leads(s Statement) bool {
	leads := false
	r.sectionsIn([]Statement{s}, func(inner Statement) { leads = leads || r.takes(inner) })
	return leads
}

// leave tells of the sections that are not run since a command before them failed.
func (r *run) leave(rest []Statement) {
	if r.wanted > 0 {
		return
	}
	r.sectionsIn(rest, func(s Statement) {
		if r.takes(s) {
			r.each(Result{Value: NotRun{r.shownName(s)}})
		}
	})
}

func (r *run) sectionsIn(block []Statement, each func(Statement)) {
	sections(block, r.files, r.engine.ReadFile, each)
}

// shownName is the name of a section, as reports have it.
func (r *run) shownName(s Statement) string {
	if vars := r.engine.Vars; vars != nil && r.engine.Reports {
		if words, err := vars.expand(s.Words[1:], r.engine.Mask); err == nil {
			return r.engine.hide(toldAll(words), s)
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
// are in them, or a script cannot be read.
func Sections(s Script, read func(name string) ([]byte, error)) (names []string, all bool) {
	statements, err := Parse(s.Text)
	if err != nil {
		return nil, false
	}
	named := true
	all = sections(statements, []string{s.Name}, read, func(s Statement) {
		names = append(names, joined(s.Words[1:]))
		named = named && !hasVariables(s)
	})
	return names, all && named
}

// sections gives each section of a block, of the blocks in it, and of the scripts that it
// includes. files are those that it stands in, the innermost last. It reports false where a
// script is not known.
func sections(block []Statement, files []string, read func(string) ([]byte, error), each func(Statement)) (all bool) {
	all = true
	for _, s := range block {
		switch {
		case isSection(s):
			each(s)
		case s.Words[0].Text == includeName:
			all = included(s, files, read, each) && all
		}
		all = sections(s.Block, files, read, each) && all
	}
	return all
}

// included is sections of the script that a command includes.
func included(s Statement, files []string, read func(string) ([]byte, error), each func(Statement)) (all bool) {
	if read == nil || len(s.Words) != 2 || hasVariables(s) {
		return false
	}
	name := fileOf(files, s.Words[1].Text)
	if includes(files, name) || len(files) > maxIncludes {
		return false
	}
	text, err := read(name)
	if err != nil {
		return false
	}
	statements, err := Parse(string(text))
	return err == nil && sections(statements, append(slices.Clone(files), name), read, each)
}

func hasVariables(s Statement) bool {
	return slices.ContainsFunc(s.Words, func(w Word) bool { return w.parts != nil })
}
