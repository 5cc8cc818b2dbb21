//! `query`: what a server that runs finds.

use clap::Args;
use stagedoor_server::{QueryFormat, QueryOptions};

#[derive(Args)]
pub(crate) struct QueryArgs {
    /// The query, as in the table's query bar; everything when empty.
    #[arg(value_name = "TEXT", default_value = "")]
    text: String,
    /// Only entities of this blueprint.
    #[arg(long, short, value_name = "BLUEPRINT")]
    blueprint: Option<String>,
    /// Fields to print, such as tier,owner.$title [default: $title,$team,$updatedAt].
    #[arg(long, value_name = "FIELDS", value_delimiter = ',')]
    columns: Vec<String>,
    /// Fields to sort by, with a - in front for descending [default: $title].
    #[arg(long, value_name = "FIELDS", value_delimiter = ',', allow_hyphen_values = true)]
    sort: Vec<String>,
    /// Print all rows as JSON.
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print all rows as CSV.
    #[arg(long)]
    csv: bool,
    /// Address of the server.
    #[arg(long, env = "STAGEDOOR_URL", value_name = "URL", default_value = "http://127.0.0.1:7007")]
    url: String,
    /// A token for it.
    #[arg(long, env = "STAGEDOOR_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    token: Option<String>,
}

pub(crate) fn query(args: QueryArgs) -> anyhow::Result<()> {
    let format = match (args.json, args.csv) {
        (true, _) => QueryFormat::Json,
        (_, true) => QueryFormat::Csv,
        _ => QueryFormat::Table,
    };
    stagedoor_server::query(&QueryOptions {
        text: args.text,
        blueprint: args.blueprint,
        columns: args.columns,
        sort: args.sort,
        format,
        url: args.url,
        token: args.token,
    })
}
