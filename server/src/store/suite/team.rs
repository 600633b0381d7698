//! What a team keeps beside its telemetry: notes, views and re-runs.

use super::*;

#[test]
fn keeps_the_notes_of_a_trace_until_they_are_deleted() {
    for_both(|subject| {
        let store = &subject.store;
        let note = |id, text: &str, at| Note {
            id: span_id(id),
            span_id: (id == 1).then(|| span_id(7)),
            author: "Ada".to_owned(),
            text: text.to_owned(),
            created: after_noon(at),
            updated: after_noon(at),
        };
        let put = |trace, note: &Note| store.put_note(trace_id(trace), note).expect("kept");
        let (one, two) = (note(1, "first ü", 5), note(2, "earlier", 1));
        put(1, &one);
        put(1, &two);
        put(2, &note(1, "of another trace", 0));
        let list = || store.notes(trace_id(1)).expect("readable");
        assert_eq!(list(), [two.clone(), one.clone()], "oldest first");
        put(1, &note(1, "changed", 9));
        let changed = Note {
            created: one.created,
            ..note(1, "changed", 9)
        };
        assert_eq!(
            list(),
            [two.clone(), changed],
            "the first writing's time stays"
        );
        let delete = |id| {
            store
                .delete_note(trace_id(1), span_id(id))
                .expect("deletable")
        };
        assert!(delete(1));
        assert!(!delete(1), "it is gone");
        assert_eq!(list(), [two]);
        assert_eq!(store.notes(trace_id(2)).expect("readable").len(), 1);
    });
}

#[test]
fn keeps_the_views_of_the_team_by_name_until_they_are_deleted() {
    for_both(|subject| {
        let store = &subject.store;
        let view = |id, name: &str, at| View {
            id: span_id(id),
            name: name.to_owned(),
            address: format!("/search?q={name}"),
            author: String::new(),
            created: after_noon(at),
            updated: after_noon(at),
        };
        store.put_view(&view(1, "slow", 1)).expect("kept");
        store.put_view(&view(2, "failed ü", 2)).expect("kept");
        store.put_view(&view(1, "slowest", 3)).expect("kept again");
        let renamed = View {
            created: after_noon(1),
            ..view(1, "slowest", 3)
        };
        let list = || store.views().expect("readable");
        assert_eq!(list(), [view(2, "failed ü", 2), renamed]);
        let delete = |id| store.delete_view(span_id(id)).expect("deletable");
        assert!(delete(1));
        assert!(!delete(1), "it is gone");
        assert_eq!(list(), [view(2, "failed ü", 2)]);
    });
}

#[test]
fn runs_of_a_session_are_listed_newest_first_and_kept_once() {
    for_both(|subject| {
        let store = &subject.store;
        let runs = [
            run("a", "visit", None, after_noon(1)),
            run("b", "visit", Some("the element is gone"), after_noon(2)),
            run("c", "other", None, after_noon(3)),
        ];
        for one in [&runs[0], &runs[1], &runs[2], &runs[1]] {
            subject.append(Batch {
                runs: vec![one.clone()],
                ..Batch::default()
            });
            subject.clock.set(after_noon(86_400));
        }
        let listed = store.runs("visit").expect("readable");
        let names: Vec<&str> = listed.iter().map(|run| run.id.as_str()).collect();
        assert_eq!(names, ["b", "a"]);
        assert_eq!(
            listed[0].first.as_deref(),
            Some("1 click \"Book\": the element is gone")
        );
        assert_eq!(
            store.run("a").expect("readable"),
            Some(runs[0].report.clone())
        );
        assert_eq!(
            store.run_picture("b", 0).expect("readable"),
            Some(runs[1].pictures[0].clone())
        );
        assert_eq!(store.run_picture("b", 1).expect("readable"), None);
        assert_eq!(store.run("x").expect("readable"), None);
        assert!(store.runs("nobody").expect("readable").is_empty());
    });
}
