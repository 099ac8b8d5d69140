//! `tollgate routes`

use crate::cli::{Output, RoutesArgs};
use crate::loading::ProjectSource;
use crate::output::{self, Palette};
use crate::views;

pub(crate) async fn run(args: &RoutesArgs) -> anyhow::Result<()> {
    let source = ProjectSource::new(&args.project.dir, &args.project.environment);
    let project = crate::project_of(&source).await?;
    let routes = views::routes(&project);
    match args.output {
        Output::Json => output::json(&routes)?,
        Output::Text if routes.is_empty() => output::note("the project has no routes"),
        Output::Text => output::line(views::table(Palette::stdout(), &routes)),
    }
    Ok(())
}
