with

git_commits as (

    select * from {{ ref('stg_git__first_parent_commits') }}

),

branch_heads as (

    select * from {{ ref('stg_git__branch_heads') }}

),

activity as (

    select * from {{ ref('stg_github__activity') }}

),

branch_protection as (

    select * from {{ ref('stg_github__branch_protection') }}

),

platform_commits as (

    select * from {{ ref('stg_github__commits') }}

),

repositories as (

    select * from {{ ref('stg_github__repositories') }}

),

named as (

    select repository_id, branch, cast(null as string) as instance, instance as git_instance from git_commits
    union all
    select repository_id, branch, cast(null as string) as instance, instance as git_instance from branch_heads
    union all
    select repository_id, branch, instance, cast(null as string) as git_instance from activity
    union all
    select repository_id, branch, instance, cast(null as string) as git_instance from branch_protection
    union all
    select repository_id, branch, instance, cast(null as string) as git_instance from platform_commits

),

branches as (

    select
        repository_id,
        branch,
        min(instance) as instance,
        min(git_instance) as git_instance
    from named
    group by repository_id, branch

),

final as (

    select
        coalesce(branches.instance, repositories.instance, branches.git_instance) as instance,
        branches.repository_id,
        branches.branch,
        branches.git_instance,
        repositories.name as repository_name,
        repositories.url as repository_url,
        branches.branch = repositories.default_branch as is_default_branch,
        branches.git_instance is not null as is_in_git,
        coalesce(branches.instance, repositories.instance) is not null as is_on_platform
    from branches
    left join repositories
        on
            repositories.repository_id = branches.repository_id
            and (branches.instance is null or repositories.instance = branches.instance)
    qualify row_number() over (partition by branches.repository_id, branches.branch order by repositories.instance) = 1

)

select * from final
