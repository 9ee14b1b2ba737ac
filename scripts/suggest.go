package scripts

import "strings"

// nearest returns the candidate that a misspelt text most likely means, "" when
// none is near. Of two that are as near, the one with the same beginning wins.
func nearest(text string, candidates []string) string {
	text = strings.ToLower(text)
	best, found := 3, "" // more than two slips is another word
	for _, c := range candidates {
		d := distance(text, c)
		closer := d < best || d == best && sameStart(text, c) && !sameStart(text, found)
		if closer && d <= len(c)/2 {
			best, found = d, c
		}
	}
	return found
}

func sameStart(a, b string) bool { return a != "" && b != "" && a[0] == b[0] }

// distance counts the letters to insert, delete, replace or swap with their
// neighbour between two words.
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	if len(from) > 64 {
		return len(from) // no command: not worth the table
	}
	rows := make([][]int, len(from)+1)
	for i := range rows {
		rows[i] = make([]int, len(to)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(from); i++ {
		for j := 1; j <= len(to); j++ {
			cost := 1
			if from[i-1] == to[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && from[i-1] == to[j-2] && from[i-2] == to[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(from)][len(to)]
}
