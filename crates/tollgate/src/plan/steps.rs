//! Steps of a route against those that it had: which are gone, new, or not the same.

use tollgate_admin::views::StepDescription;

use super::{Change, Kind, graded, leaves};

/// The names of the steps that protect by this.
pub(super) fn named<'s>(steps: &'s [StepDescription], check: &'s str) -> impl Iterator<Item = String> + 's {
    steps.iter().filter(move |step| step.check.as_deref() == Some(check)).map(shown)
}

/// A step for people: its name, with what it holds where that tells it from others.
fn shown(step: &StepDescription) -> String {
    if step.policies.is_empty() {
        return step.name.clone();
    }
    let members: Vec<String> = step.policies.iter().map(shown).collect();
    format!("{}({})", step.name, members.join(", "))
}

/// Adds what differs between two lists of steps. `auth`: whether a change of what authenticates is news.
pub(super) fn compare(old: &[StepDescription], new: &[StepDescription], auth: bool, changes: &mut Vec<Change>) {
    let mut pairs: Vec<Option<usize>> = vec![None; new.len()];
    let mut free: Vec<bool> = vec![true; old.len()];
    let keys: [fn(&StepDescription, &StepDescription) -> bool; 3] = [
        |a, b| a.id == b.id && same_thing(a, b),
        |a, b| same_thing(a, b) && a.name == b.name && leaves::changes(&a.options, &b.options).is_empty(),
        |a, b| same_thing(a, b) && a.name == b.name,
    ];
    for same in keys {
        for (index, step) in new.iter().enumerate() {
            if pairs[index].is_some() {
                continue;
            }
            let found = old.iter().enumerate().position(|(at, other)| free[at] && same(other, step));
            if let Some(at) = found {
                free[at] = false;
                pairs[index] = Some(at);
            }
        }
    }
    let gone: Vec<&StepDescription> = old.iter().zip(&free).filter(|(_, free)| **free).map(|(step, _)| step).collect();
    let (gone_auth, gone): (Vec<_>, Vec<_>) = gone.into_iter().partition(|step| is_auth(step));
    let fresh = new.iter().zip(&pairs).filter(|(_, pair)| pair.is_none()).map(|(step, _)| step);
    let (new_auth, fresh): (Vec<_>, Vec<_>) = fresh.partition(|step| is_auth(step));
    if auth && !(gone_auth.is_empty() && new_auth.is_empty()) {
        changes.push(auth_changed(old, new, &gone_auth, &new_auth));
    }
    for step in gone {
        changes.push(lost(step));
    }
    for step in fresh {
        changes.push(gained(step));
    }
    for (step, pair) in new.iter().zip(&pairs) {
        if let Some(at) = pair {
            changed(&old[*at], step, changes);
        }
    }
    let order: Vec<usize> = pairs.iter().flatten().copied().collect();
    if !order.is_sorted() {
        let names: Vec<String> = new.iter().map(shown).collect();
        changes.push(Change::new(Kind::OrderChanged, format!("the steps run in another order: {}", names.join(", "))));
    }
}

fn same_thing(a: &StepDescription, b: &StepDescription) -> bool {
    a.policy == b.policy
}

fn is_auth(step: &StepDescription) -> bool {
    step.check.as_deref() == Some("auth")
}

fn auth_changed(
    old: &[StepDescription],
    new: &[StepDescription],
    gone: &[&StepDescription],
    fresh: &[&StepDescription],
) -> Change {
    let joined = |steps: &[StepDescription]| {
        let names: Vec<String> = named(steps, "auth").collect();
        if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
    };
    let (before, after) = (joined(old), joined(new));
    let text = format!("authenticates with {after} instead of {before}");
    let change = Change::new(Kind::AuthChanged, text).values(Some(before.into()), Some(after.into()));
    // Two checks in a row that become one let more through; another one instead may or may not.
    let fewer = fresh.is_empty() && !gone.is_empty();
    match fresh.first() {
        Some(step) => change.step(&step.name, place(step)),
        None => change.weakens(fewer),
    }
}

fn place(step: &StepDescription) -> &str {
    step.named.as_deref().unwrap_or(&step.place)
}

/// A step as it is lost or gained, with its most telling option.
fn what(step: &StepDescription) -> String {
    let options = &step.options.shown;
    let rate = options["rate"].as_str().map(|rate| format!(" ({rate})"));
    let rate = rate.or_else(|| {
        let (allowed, minutes) = (&options["requestsAllowed"], &options["timeWindowMinutes"]);
        (allowed.is_number() && minutes.is_number()).then(|| format!(" ({allowed} in {minutes} minutes)"))
    });
    format!("`{}`{}", shown(step), rate.unwrap_or_default())
}

fn lost(step: &StepDescription) -> Change {
    let (kind, text) = match step.check.as_deref() {
        Some("limit") => (Kind::LimitLost, format!("loses the limit {}", what(step))),
        Some("signature") => {
            (Kind::SignatureLost, "loses its signed token: the upstream cannot tell who calls".to_owned())
        }
        Some("validation") => (Kind::ValidationLost, format!("loses the validation {}", what(step))),
        Some("guard") => (Kind::GuardLost, format!("loses the guard {}", what(step))),
        Some("auth") => (Kind::AuthChanged, format!("loses the authentication {}", what(step))),
        Some("code") => (Kind::CodeLost, format!("no longer runs the code of {}", what(step))),
        _ => (Kind::PolicyLost, format!("no longer runs {}", what(step))),
    };
    Change::new(kind, text).weakens(kind != Kind::PolicyLost).step(&step.name, place(step))
}

fn gained(step: &StepDescription) -> Change {
    let (kind, text) = match step.check.as_deref() {
        Some("limit") => (Kind::LimitGained, format!("gains the limit {}", what(step))),
        Some("signature") => (Kind::SignatureGained, "gains a signed token for its upstream".to_owned()),
        Some("validation") => (Kind::ValidationGained, format!("gains the validation {}", what(step))),
        Some("guard") => (Kind::GuardGained, format!("gains the guard {}", what(step))),
        Some("auth") => (Kind::AuthChanged, format!("gains the authentication {}", what(step))),
        Some("code") => (Kind::CodeGained, format!("runs the code of {}", what(step))),
        _ => (Kind::PolicyGained, format!("runs {}", what(step))),
    };
    Change::new(kind, text).step(&step.name, place(step))
}

/// Adds what differs between a step and what it was.
fn changed(old: &StepDescription, new: &StepDescription, changes: &mut Vec<Change>) {
    let kind = match new.check.as_deref() {
        Some("auth") => Kind::AuthChanged,
        Some("limit") => Kind::LimitChanged,
        Some("signature") => Kind::SignatureChanged,
        Some("validation") => Kind::ValidationChanged,
        Some("guard") => Kind::GuardChanged,
        Some("code") => Kind::CodeChanged,
        _ => Kind::PolicyChanged,
    };
    let noun = match kind {
        Kind::LimitChanged => "limit ",
        Kind::ValidationChanged => "validation ",
        Kind::GuardChanged => "guard ",
        _ => "",
    };
    let both = (&old.options.shown, &new.options.shown);
    for leaf in leaves::changes(&old.options, &new.options) {
        // What it holds is compared below: these are only names, and may be places.
        if !(old.policies.is_empty() && new.policies.is_empty()) && leaf.pointer == "/policies" {
            continue;
        }
        let weakens = graded::weakens(&new.policy, &leaf, both);
        let change = Change::new(kind, format!("{noun}`{}` {}", new.name, leaf.text())).weakens(weakens);
        let change = Change { option: Some(leaf.pointer.clone()), ..change.step(&new.name, place(new)) };
        changes.push(change.values(leaf.before, leaf.after));
    }
    // In the Zuplo form `auth` is only what stands at the beginning of the list.
    let labels = ["auth", "inbound"];
    if old.stage != new.stage && !(labels.contains(&old.stage.as_str()) && labels.contains(&new.stage.as_str())) {
        let text = format!("`{}` runs in the stage {} instead of {}", new.name, new.stage, old.stage);
        changes.push(Change::new(Kind::OrderChanged, text).step(&new.name, place(new)));
    }
    if kind == Kind::LimitChanged && old.id != new.id {
        let text = format!(
            "limit `{}` is counted with those who share {} instead of {}: it starts anew",
            new.name, new.id, old.id
        );
        changes.push(Change::new(kind, text).step(&new.name, place(new)));
    }
    if !(old.policies.is_empty() && new.policies.is_empty()) {
        members(old, new, changes);
    }
}

/// The policies that a policy holds. One more way to be let in, or one check less, is told as such.
fn members(old: &StepDescription, new: &StepDescription, changes: &mut Vec<Change>) {
    let mut inner = Vec::new();
    compare(&old.policies, &new.policies, new.policy != "any-of", &mut inner);
    for change in &mut inner {
        change.text = format!("{} (in `{}`)", change.text, new.name);
    }
    let alternatives = |step: &StepDescription| step.policies.iter().map(shown).collect::<Vec<_>>();
    let (before, after) = (alternatives(old), alternatives(new));
    if new.policy == "any-of" && before != after {
        let text = format!("authenticates with any of {} instead of {}", after.join(", "), before.join(", "));
        let more = after.iter().any(|name| !before.contains(name));
        let change = Change::new(Kind::AuthChanged, text).weakens(more).step(&new.name, place(new));
        changes.push(change.values(Some(before.into()), Some(after.into())));
    }
    changes.extend(inner);
}
