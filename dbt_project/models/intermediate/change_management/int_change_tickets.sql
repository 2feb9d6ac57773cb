-- Tickets that a change names in its title, description or branch, and tickets that name the change; only tickets that exist.
with

changes as (

    select * from {{ ref('int_changes') }}

),

issues as (

    select * from {{ ref('stg_jira__issues') }}

),

change_refs as (

    select * from {{ ref('stg_jira__issue_change_refs') }}

),

-- the platform's way to name a request (owner/name#number), by every name that the repository had
repository_names as (

    select distinct
        instance,
        repository_id,
        full_name
    from {{ ref('stg_github__repositories_intervals') }}

),

texts as (

    select
        item_key,
        translate(
            upper(concat_ws(' ', title, body, head_branch)),
            concat('[](){}<>:;,./|!?*#"`', chr(39), chr(9), chr(10), chr(13)),
            '                        '
        ) as words
    from changes

),

named as (

    select
        texts.item_key,
        {{ text_match('word.item', '(?:^|[^A-Z0-9])([A-Z][A-Z0-9]+-[0-9]+)(?:[^A-Z0-9]|$)') }} as issue_key
    from texts
    {{ text_items('texts.words', ' ', 'word') }}
    where word.item like '%-%'

),

references_to_changes as (

    select item_key, item_key as reference from changes
    union
    select item_key, url as reference from changes
    union
    select
        changes.item_key,
        concat(repository_names.full_name, '#', changes.number) as reference
    from changes
    inner join repository_names
        on repository_names.instance = changes.instance and repository_names.repository_id = changes.repository_id
    where changes.number is not null

),

linked as (

    select
        named.item_key,
        issues.issue_key,
        issues.instance,
        issues.record_key
    from named
    inner join issues on issues.issue_key = named.issue_key
    union
    select
        changes.item_key,
        issues.issue_key,
        issues.instance,
        issues.record_key
    from references_to_changes as changes
    inner join change_refs on change_refs.change_ref = changes.reference
    inner join issues
        on issues.instance = change_refs.instance and issues.issue_id = change_refs.issue_id

),

final as (

    select
        item_key,
        issue_key,
        instance,
        record_key
    from linked

)

select * from final
